import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.js';
import type { Attempt as _hookline_admin_v1_Attempt, Attempt__Output as _hookline_admin_v1_Attempt__Output } from './hookline/admin/v1/Attempt.js';
import type { GetNotificationRequest as _hookline_admin_v1_GetNotificationRequest, GetNotificationRequest__Output as _hookline_admin_v1_GetNotificationRequest__Output } from './hookline/admin/v1/GetNotificationRequest.js';
import type { GetNotificationResponse as _hookline_admin_v1_GetNotificationResponse, GetNotificationResponse__Output as _hookline_admin_v1_GetNotificationResponse__Output } from './hookline/admin/v1/GetNotificationResponse.js';
import type { GetPayloadRequest as _hookline_admin_v1_GetPayloadRequest, GetPayloadRequest__Output as _hookline_admin_v1_GetPayloadRequest__Output } from './hookline/admin/v1/GetPayloadRequest.js';
import type { GetPayloadResponse as _hookline_admin_v1_GetPayloadResponse, GetPayloadResponse__Output as _hookline_admin_v1_GetPayloadResponse__Output } from './hookline/admin/v1/GetPayloadResponse.js';
import type { ListAttemptsRequest as _hookline_admin_v1_ListAttemptsRequest, ListAttemptsRequest__Output as _hookline_admin_v1_ListAttemptsRequest__Output } from './hookline/admin/v1/ListAttemptsRequest.js';
import type { ListAttemptsResponse as _hookline_admin_v1_ListAttemptsResponse, ListAttemptsResponse__Output as _hookline_admin_v1_ListAttemptsResponse__Output } from './hookline/admin/v1/ListAttemptsResponse.js';
import type { ListNotificationsRequest as _hookline_admin_v1_ListNotificationsRequest, ListNotificationsRequest__Output as _hookline_admin_v1_ListNotificationsRequest__Output } from './hookline/admin/v1/ListNotificationsRequest.js';
import type { ListNotificationsResponse as _hookline_admin_v1_ListNotificationsResponse, ListNotificationsResponse__Output as _hookline_admin_v1_ListNotificationsResponse__Output } from './hookline/admin/v1/ListNotificationsResponse.js';
import type { Notification as _hookline_admin_v1_Notification, Notification__Output as _hookline_admin_v1_Notification__Output } from './hookline/admin/v1/Notification.js';
import type { NotificationServiceClient as _hookline_admin_v1_NotificationServiceClient, NotificationServiceDefinition as _hookline_admin_v1_NotificationServiceDefinition } from './hookline/admin/v1/NotificationService.js';
import type { ResendNotificationRequest as _hookline_admin_v1_ResendNotificationRequest, ResendNotificationRequest__Output as _hookline_admin_v1_ResendNotificationRequest__Output } from './hookline/admin/v1/ResendNotificationRequest.js';
import type { ResendNotificationResponse as _hookline_admin_v1_ResendNotificationResponse, ResendNotificationResponse__Output as _hookline_admin_v1_ResendNotificationResponse__Output } from './hookline/admin/v1/ResendNotificationResponse.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  google: {
    protobuf: {
      Timestamp: MessageTypeDefinition<_google_protobuf_Timestamp, _google_protobuf_Timestamp__Output>
    }
  }
  hookline: {
    admin: {
      v1: {
        Attempt: MessageTypeDefinition<_hookline_admin_v1_Attempt, _hookline_admin_v1_Attempt__Output>
        AttemptOutcome: EnumTypeDefinition
        AttemptState: EnumTypeDefinition
        AttemptTrigger: EnumTypeDefinition
        FailureReason: EnumTypeDefinition
        GetNotificationRequest: MessageTypeDefinition<_hookline_admin_v1_GetNotificationRequest, _hookline_admin_v1_GetNotificationRequest__Output>
        GetNotificationResponse: MessageTypeDefinition<_hookline_admin_v1_GetNotificationResponse, _hookline_admin_v1_GetNotificationResponse__Output>
        GetPayloadRequest: MessageTypeDefinition<_hookline_admin_v1_GetPayloadRequest, _hookline_admin_v1_GetPayloadRequest__Output>
        GetPayloadResponse: MessageTypeDefinition<_hookline_admin_v1_GetPayloadResponse, _hookline_admin_v1_GetPayloadResponse__Output>
        ListAttemptsRequest: MessageTypeDefinition<_hookline_admin_v1_ListAttemptsRequest, _hookline_admin_v1_ListAttemptsRequest__Output>
        ListAttemptsResponse: MessageTypeDefinition<_hookline_admin_v1_ListAttemptsResponse, _hookline_admin_v1_ListAttemptsResponse__Output>
        ListNotificationsRequest: MessageTypeDefinition<_hookline_admin_v1_ListNotificationsRequest, _hookline_admin_v1_ListNotificationsRequest__Output>
        ListNotificationsResponse: MessageTypeDefinition<_hookline_admin_v1_ListNotificationsResponse, _hookline_admin_v1_ListNotificationsResponse__Output>
        Notification: MessageTypeDefinition<_hookline_admin_v1_Notification, _hookline_admin_v1_Notification__Output>
        NotificationService: SubtypeConstructor<typeof grpc.Client, _hookline_admin_v1_NotificationServiceClient> & { service: _hookline_admin_v1_NotificationServiceDefinition }
        NotificationState: EnumTypeDefinition
        ResendNotificationRequest: MessageTypeDefinition<_hookline_admin_v1_ResendNotificationRequest, _hookline_admin_v1_ResendNotificationRequest__Output>
        ResendNotificationResponse: MessageTypeDefinition<_hookline_admin_v1_ResendNotificationResponse, _hookline_admin_v1_ResendNotificationResponse__Output>
        WaitingReason: EnumTypeDefinition
      }
    }
  }
}

