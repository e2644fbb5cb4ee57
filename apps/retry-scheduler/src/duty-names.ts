/** The duties of a retry-scheduler beside releasing what is due; each can be switched off by `DUTIES_OFF`. */
export const dutyNames = [
  'sweep',
  'held',
  'expire',
  'disable',
  'refused',
  'receipts',
  'partitions',
  'default',
  'retention',
  'rows',
  'books',
] as const;

export type DutyName = (typeof dutyNames)[number];
