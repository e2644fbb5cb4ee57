// Original file: libs/contracts/proto/hookline/admin/v1/notification_service.proto


export interface ResendNotificationRequest {
  'name'?: (string);
  'requestId'?: (string);
  'reason'?: (string);
}

export interface ResendNotificationRequest__Output {
  'name': (string);
  'requestId': (string);
  'reason': (string);
}
