// Original file: libs/contracts/proto/hookline/admin/v1/notification_service.proto

export const AttemptOutcome = {
  ATTEMPT_OUTCOME_UNSPECIFIED: 'ATTEMPT_OUTCOME_UNSPECIFIED',
  ATTEMPT_OUTCOME_ACCEPTED: 'ATTEMPT_OUTCOME_ACCEPTED',
  ATTEMPT_OUTCOME_GONE: 'ATTEMPT_OUTCOME_GONE',
  ATTEMPT_OUTCOME_FAILED: 'ATTEMPT_OUTCOME_FAILED',
  ATTEMPT_OUTCOME_UNKNOWN: 'ATTEMPT_OUTCOME_UNKNOWN',
} as const;

export type AttemptOutcome =
  | 'ATTEMPT_OUTCOME_UNSPECIFIED'
  | 0
  | 'ATTEMPT_OUTCOME_ACCEPTED'
  | 1
  | 'ATTEMPT_OUTCOME_GONE'
  | 2
  | 'ATTEMPT_OUTCOME_FAILED'
  | 3
  | 'ATTEMPT_OUTCOME_UNKNOWN'
  | 4

export type AttemptOutcome__Output = typeof AttemptOutcome[keyof typeof AttemptOutcome]
