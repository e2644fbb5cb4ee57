let made = 0;

/** A CloudEvent of a lending system, each with an id of its own. */
export function anEvent(fields: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const n = made++;
  return {
    specversion: '1.0',
    id: `event-${process.pid}-${n}`,
    source: '/lending/test',
    type: 'loan.created',
    subject: `clients/${n % 10}`,
    time: new Date().toISOString(),
    data: { id: `L-${n}`, client: { name: names[n % names.length] }, amount: '1250.50', rate: 3.25, items: [{ n }] },
    ...fields,
  };
}

const names = ['Zoë Müller', '王小明', 'Ann "Ace" O\'Neil', 'Łukasz\\Żółć', 'Ñandú\nLtd'];
