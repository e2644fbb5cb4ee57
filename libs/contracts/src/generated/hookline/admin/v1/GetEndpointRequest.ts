// Original file: libs/contracts/proto/hookline/admin/v1/endpoint_service.proto


export interface GetEndpointRequest {
  'name'?: (string);
}

export interface GetEndpointRequest__Output {
  'name': (string);
}
