// Original file: libs/contracts/proto/hookline/admin/v1/notification_service.proto

export const AttemptTrigger = {
  ATTEMPT_TRIGGER_UNSPECIFIED: 'ATTEMPT_TRIGGER_UNSPECIFIED',
  ATTEMPT_TRIGGER_AUTO: 'ATTEMPT_TRIGGER_AUTO',
  ATTEMPT_TRIGGER_MANUAL: 'ATTEMPT_TRIGGER_MANUAL',
} as const;

export type AttemptTrigger =
  | 'ATTEMPT_TRIGGER_UNSPECIFIED'
  | 0
  | 'ATTEMPT_TRIGGER_AUTO'
  | 1
  | 'ATTEMPT_TRIGGER_MANUAL'
  | 2

export type AttemptTrigger__Output = typeof AttemptTrigger[keyof typeof AttemptTrigger]
