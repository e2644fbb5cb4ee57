// Original file: libs/contracts/proto/hookline/admin/v1/template_service.proto

import type { Template as _hookline_admin_v1_Template, Template__Output as _hookline_admin_v1_Template__Output } from '../../../hookline/admin/v1/Template.js';

export interface CreateTemplateResponse {
  'template'?: (_hookline_admin_v1_Template | null);
}

export interface CreateTemplateResponse__Output {
  'template': (_hookline_admin_v1_Template__Output | null);
}
