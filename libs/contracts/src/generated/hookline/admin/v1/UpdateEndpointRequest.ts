// Original file: libs/contracts/proto/hookline/admin/v1/endpoint_service.proto

import type { Endpoint as _hookline_admin_v1_Endpoint, Endpoint__Output as _hookline_admin_v1_Endpoint__Output } from '../../../hookline/admin/v1/Endpoint.js';
import type { FieldMask as _google_protobuf_FieldMask, FieldMask__Output as _google_protobuf_FieldMask__Output } from '../../../google/protobuf/FieldMask.js';

export interface UpdateEndpointRequest {
  'endpoint'?: (_hookline_admin_v1_Endpoint | null);
  'updateMask'?: (_google_protobuf_FieldMask | null);
}

export interface UpdateEndpointRequest__Output {
  'endpoint': (_hookline_admin_v1_Endpoint__Output | null);
  'updateMask': (_google_protobuf_FieldMask__Output | null);
}
