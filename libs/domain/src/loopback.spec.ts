import { expect, it } from 'vitest';
import { isLoopback } from './loopback.js';

it('knows the hosts that mean this machine only', () => {
  for (const host of ['localhost', 'LOCALHOST', '127.0.0.1', '127.255.255.255', '::1', '[::1]'])
    expect(isLoopback(host), host).toBe(true);
  for (const host of [
    '',
    '0.0.0.0',
    '::',
    '127.0.0.256',
    '127.1',
    '127.0.0.1.example',
    'localhost.example',
    '10.0.0.1',
  ])
    expect(isLoopback(host), host).toBe(false);
});
