// Original file: libs/contracts/proto/hookline/admin/v1/system_service.proto

import type { Tenant as _hookline_admin_v1_Tenant, Tenant__Output as _hookline_admin_v1_Tenant__Output } from '../../../hookline/admin/v1/Tenant.js';
import type { Endpoint as _hookline_admin_v1_Endpoint, Endpoint__Output as _hookline_admin_v1_Endpoint__Output } from '../../../hookline/admin/v1/Endpoint.js';
import type { Template as _hookline_admin_v1_Template, Template__Output as _hookline_admin_v1_Template__Output } from '../../../hookline/admin/v1/Template.js';

export interface ApplyRequest {
  'tenant'?: (_hookline_admin_v1_Tenant | null);
  'endpoint'?: (_hookline_admin_v1_Endpoint | null);
  'template'?: (_hookline_admin_v1_Template | null);
  'resource'?: "tenant"|"endpoint"|"template";
}

export interface ApplyRequest__Output {
  'tenant'?: (_hookline_admin_v1_Tenant__Output | null);
  'endpoint'?: (_hookline_admin_v1_Endpoint__Output | null);
  'template'?: (_hookline_admin_v1_Template__Output | null);
  'resource'?: "tenant"|"endpoint"|"template";
}
