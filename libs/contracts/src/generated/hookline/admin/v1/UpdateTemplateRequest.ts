// Original file: libs/contracts/proto/hookline/admin/v1/template_service.proto

import type { Template as _hookline_admin_v1_Template, Template__Output as _hookline_admin_v1_Template__Output } from '../../../hookline/admin/v1/Template.js';
import type { FieldMask as _google_protobuf_FieldMask, FieldMask__Output as _google_protobuf_FieldMask__Output } from '../../../google/protobuf/FieldMask.js';

export interface UpdateTemplateRequest {
  'template'?: (_hookline_admin_v1_Template | null);
  'updateMask'?: (_google_protobuf_FieldMask | null);
}

export interface UpdateTemplateRequest__Output {
  'template': (_hookline_admin_v1_Template__Output | null);
  'updateMask': (_google_protobuf_FieldMask__Output | null);
}
