// Original file: libs/contracts/proto/hookline/admin/v1/system_service.proto

import type { TopicDifferenceSubject as _hookline_admin_v1_TopicDifferenceSubject, TopicDifferenceSubject__Output as _hookline_admin_v1_TopicDifferenceSubject__Output } from '../../../hookline/admin/v1/TopicDifferenceSubject.js';
import type { DifferenceSeverity as _hookline_admin_v1_DifferenceSeverity, DifferenceSeverity__Output as _hookline_admin_v1_DifferenceSeverity__Output } from '../../../hookline/admin/v1/DifferenceSeverity.js';

export interface TopicDifference {
  'subject'?: (_hookline_admin_v1_TopicDifferenceSubject);
  'subjectName'?: (string);
  'severity'?: (_hookline_admin_v1_DifferenceSeverity);
  'setting'?: (string);
  'currentValue'?: (string);
  'requiredValue'?: (string);
  'detail'?: (string);
  'remedy'?: (string);
}

export interface TopicDifference__Output {
  'subject': (_hookline_admin_v1_TopicDifferenceSubject__Output);
  'subjectName': (string);
  'severity': (_hookline_admin_v1_DifferenceSeverity__Output);
  'setting': (string);
  'currentValue': (string);
  'requiredValue': (string);
  'detail': (string);
  'remedy': (string);
}
