// Original file: libs/contracts/proto/hookline/admin/v1/notification_service.proto

import type { Notification as _hookline_admin_v1_Notification, Notification__Output as _hookline_admin_v1_Notification__Output } from '../../../hookline/admin/v1/Notification.js';

export interface GetNotificationResponse {
  'notification'?: (_hookline_admin_v1_Notification | null);
}

export interface GetNotificationResponse__Output {
  'notification': (_hookline_admin_v1_Notification__Output | null);
}
