// Original file: libs/contracts/proto/hookline/admin/v1/template_service.proto

import type { Template as _hookline_admin_v1_Template, Template__Output as _hookline_admin_v1_Template__Output } from '../../../hookline/admin/v1/Template.js';

export interface ListTemplatesResponse {
  'templates'?: (_hookline_admin_v1_Template)[];
  'nextPageToken'?: (string);
}

export interface ListTemplatesResponse__Output {
  'templates': (_hookline_admin_v1_Template__Output)[];
  'nextPageToken': (string);
}
