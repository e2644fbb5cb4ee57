// Original file: libs/contracts/proto/hookline/admin/v1/endpoint_service.proto


export interface ResumeEndpointRequest {
  'name'?: (string);
  'etag'?: (string);
  'drainPerSecond'?: (number | string);
  'reason'?: (string);
  '_drainPerSecond'?: "drainPerSecond";
}

export interface ResumeEndpointRequest__Output {
  'name': (string);
  'etag': (string);
  'drainPerSecond'?: (number);
  'reason': (string);
  '_drainPerSecond'?: "drainPerSecond";
}
