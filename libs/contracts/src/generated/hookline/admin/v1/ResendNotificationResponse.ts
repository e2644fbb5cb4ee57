// Original file: libs/contracts/proto/hookline/admin/v1/notification_service.proto

import type { Notification as _hookline_admin_v1_Notification, Notification__Output as _hookline_admin_v1_Notification__Output } from '../../../hookline/admin/v1/Notification.js';

export interface ResendNotificationResponse {
  'resendItem'?: (string);
  'created'?: (boolean);
  'notification'?: (_hookline_admin_v1_Notification | null);
}

export interface ResendNotificationResponse__Output {
  'resendItem': (string);
  'created': (boolean);
  'notification': (_hookline_admin_v1_Notification__Output | null);
}
