// Original file: libs/contracts/proto/hookline/admin/v1/endpoint_service.proto

import type { Endpoint as _hookline_admin_v1_Endpoint, Endpoint__Output as _hookline_admin_v1_Endpoint__Output } from '../../../hookline/admin/v1/Endpoint.js';

export interface ResumeEndpointResponse {
  'endpoint'?: (_hookline_admin_v1_Endpoint | null);
}

export interface ResumeEndpointResponse__Output {
  'endpoint': (_hookline_admin_v1_Endpoint__Output | null);
}
