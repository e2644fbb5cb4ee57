// Original file: libs/contracts/proto/hookline/admin/v1/notification_service.proto


export interface GetNotificationRequest {
  'name'?: (string);
}

export interface GetNotificationRequest__Output {
  'name': (string);
}
