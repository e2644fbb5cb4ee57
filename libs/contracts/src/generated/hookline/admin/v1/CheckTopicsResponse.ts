// Original file: libs/contracts/proto/hookline/admin/v1/system_service.proto

import type { TopicDifference as _hookline_admin_v1_TopicDifference, TopicDifference__Output as _hookline_admin_v1_TopicDifference__Output } from '../../../hookline/admin/v1/TopicDifference.js';

export interface CheckTopicsResponse {
  'topics'?: (string)[];
  'differences'?: (_hookline_admin_v1_TopicDifference)[];
}

export interface CheckTopicsResponse__Output {
  'topics': (string)[];
  'differences': (_hookline_admin_v1_TopicDifference__Output)[];
}
