// Original file: libs/contracts/proto/hookline/admin/v1/notification_service.proto

import type { Notification as _hookline_admin_v1_Notification, Notification__Output as _hookline_admin_v1_Notification__Output } from '../../../hookline/admin/v1/Notification.js';

export interface ListNotificationsResponse {
  'notifications'?: (_hookline_admin_v1_Notification)[];
  'nextPageToken'?: (string);
}

export interface ListNotificationsResponse__Output {
  'notifications': (_hookline_admin_v1_Notification__Output)[];
  'nextPageToken': (string);
}
