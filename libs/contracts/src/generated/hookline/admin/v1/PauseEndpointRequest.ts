// Original file: libs/contracts/proto/hookline/admin/v1/endpoint_service.proto


export interface PauseEndpointRequest {
  'name'?: (string);
  'etag'?: (string);
  'reason'?: (string);
}

export interface PauseEndpointRequest__Output {
  'name': (string);
  'etag': (string);
  'reason': (string);
}
