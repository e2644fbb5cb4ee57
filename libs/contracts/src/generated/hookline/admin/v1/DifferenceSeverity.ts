// Original file: libs/contracts/proto/hookline/admin/v1/system_service.proto

export const DifferenceSeverity = {
  DIFFERENCE_SEVERITY_UNSPECIFIED: 'DIFFERENCE_SEVERITY_UNSPECIFIED',
  DIFFERENCE_SEVERITY_FATAL: 'DIFFERENCE_SEVERITY_FATAL',
  DIFFERENCE_SEVERITY_WARNING: 'DIFFERENCE_SEVERITY_WARNING',
} as const;

export type DifferenceSeverity =
  | 'DIFFERENCE_SEVERITY_UNSPECIFIED'
  | 0
  | 'DIFFERENCE_SEVERITY_FATAL'
  | 1
  | 'DIFFERENCE_SEVERITY_WARNING'
  | 2

export type DifferenceSeverity__Output = typeof DifferenceSeverity[keyof typeof DifferenceSeverity]
