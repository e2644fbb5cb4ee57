// Original file: libs/contracts/proto/hookline/admin/v1/event_service.proto

export const EventVerdict = {
  EVENT_VERDICT_UNSPECIFIED: 'EVENT_VERDICT_UNSPECIFIED',
  EVENT_VERDICT_MATCHED: 'EVENT_VERDICT_MATCHED',
  EVENT_VERDICT_UNMATCHED: 'EVENT_VERDICT_UNMATCHED',
  EVENT_VERDICT_DUPLICATE: 'EVENT_VERDICT_DUPLICATE',
  EVENT_VERDICT_PARKED: 'EVENT_VERDICT_PARKED',
} as const;

export type EventVerdict =
  | 'EVENT_VERDICT_UNSPECIFIED'
  | 0
  | 'EVENT_VERDICT_MATCHED'
  | 1
  | 'EVENT_VERDICT_UNMATCHED'
  | 2
  | 'EVENT_VERDICT_DUPLICATE'
  | 3
  | 'EVENT_VERDICT_PARKED'
  | 4

export type EventVerdict__Output = typeof EventVerdict[keyof typeof EventVerdict]
