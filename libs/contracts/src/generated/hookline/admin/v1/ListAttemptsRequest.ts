// Original file: libs/contracts/proto/hookline/admin/v1/notification_service.proto


export interface ListAttemptsRequest {
  'parent'?: (string);
  'pageSize'?: (number);
  'pageToken'?: (string);
}

export interface ListAttemptsRequest__Output {
  'parent': (string);
  'pageSize': (number);
  'pageToken': (string);
}
