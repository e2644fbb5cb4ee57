// Original file: libs/contracts/proto/hookline/admin/v1/endpoint_service.proto


export interface ListEndpointsRequest {
  'parent'?: (string);
  'pageSize'?: (number);
  'pageToken'?: (string);
}

export interface ListEndpointsRequest__Output {
  'parent': (string);
  'pageSize': (number);
  'pageToken': (string);
}
