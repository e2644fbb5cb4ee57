// Original file: libs/contracts/proto/hookline/admin/v1/system_service.proto

export const ApplyChange = {
  APPLY_CHANGE_UNSPECIFIED: 'APPLY_CHANGE_UNSPECIFIED',
  APPLY_CHANGE_CREATED: 'APPLY_CHANGE_CREATED',
  APPLY_CHANGE_UPDATED: 'APPLY_CHANGE_UPDATED',
  APPLY_CHANGE_UNCHANGED: 'APPLY_CHANGE_UNCHANGED',
} as const;

export type ApplyChange =
  | 'APPLY_CHANGE_UNSPECIFIED'
  | 0
  | 'APPLY_CHANGE_CREATED'
  | 1
  | 'APPLY_CHANGE_UPDATED'
  | 2
  | 'APPLY_CHANGE_UNCHANGED'
  | 3

export type ApplyChange__Output = typeof ApplyChange[keyof typeof ApplyChange]
