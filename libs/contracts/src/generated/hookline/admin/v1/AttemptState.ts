// Original file: libs/contracts/proto/hookline/admin/v1/notification_service.proto

export const AttemptState = {
  ATTEMPT_STATE_UNSPECIFIED: 'ATTEMPT_STATE_UNSPECIFIED',
  ATTEMPT_STATE_STARTED: 'ATTEMPT_STATE_STARTED',
  ATTEMPT_STATE_FINISHED: 'ATTEMPT_STATE_FINISHED',
} as const;

export type AttemptState =
  | 'ATTEMPT_STATE_UNSPECIFIED'
  | 0
  | 'ATTEMPT_STATE_STARTED'
  | 1
  | 'ATTEMPT_STATE_FINISHED'
  | 2

export type AttemptState__Output = typeof AttemptState[keyof typeof AttemptState]
