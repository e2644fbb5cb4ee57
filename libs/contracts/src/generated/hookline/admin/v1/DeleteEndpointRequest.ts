// Original file: libs/contracts/proto/hookline/admin/v1/endpoint_service.proto


export interface DeleteEndpointRequest {
  'name'?: (string);
  'etag'?: (string);
}

export interface DeleteEndpointRequest__Output {
  'name': (string);
  'etag': (string);
}
