import { describe, expect, it } from 'vitest';
import { commitOf } from './measured-on.js';

const gitThatSays = (status: string) => (command: string) => (command === 'status' ? status : 'abc1234\n');

describe('the commit that is measured', () => {
  it('is marked when the tree differs from it', () => {
    expect(commitOf(gitThatSays(''))).toBe('abc1234');
    expect(commitOf(gitThatSays(' M libs/kafka/src/record.ts\n'))).toBe('abc1234+');
    expect(commitOf(gitThatSays('?? libs/kafka/src/new.ts\n'))).toBe('abc1234+');
  });

  it('is not marked for figures that an earlier run left', () => {
    expect(commitOf(gitThatSays('?? backlog.json\n'))).toBe('abc1234');
    expect(commitOf(gitThatSays(' M package.json\n'))).toBe('abc1234+');
  });

  it('is none outside a repository', () => {
    const noRepository = () => {
      throw new Error('not a git repository');
    };
    expect(commitOf(noRepository)).toBeNull();
  });
});
