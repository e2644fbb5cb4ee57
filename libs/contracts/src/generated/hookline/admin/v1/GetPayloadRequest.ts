// Original file: libs/contracts/proto/hookline/admin/v1/notification_service.proto


export interface GetPayloadRequest {
  'name'?: (string);
}

export interface GetPayloadRequest__Output {
  'name': (string);
}
