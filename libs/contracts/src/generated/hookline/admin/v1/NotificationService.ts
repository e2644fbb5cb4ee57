// Original file: libs/contracts/proto/hookline/admin/v1/notification_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { GetNotificationRequest as _hookline_admin_v1_GetNotificationRequest, GetNotificationRequest__Output as _hookline_admin_v1_GetNotificationRequest__Output } from '../../../hookline/admin/v1/GetNotificationRequest.js';
import type { GetNotificationResponse as _hookline_admin_v1_GetNotificationResponse, GetNotificationResponse__Output as _hookline_admin_v1_GetNotificationResponse__Output } from '../../../hookline/admin/v1/GetNotificationResponse.js';
import type { GetPayloadRequest as _hookline_admin_v1_GetPayloadRequest, GetPayloadRequest__Output as _hookline_admin_v1_GetPayloadRequest__Output } from '../../../hookline/admin/v1/GetPayloadRequest.js';
import type { GetPayloadResponse as _hookline_admin_v1_GetPayloadResponse, GetPayloadResponse__Output as _hookline_admin_v1_GetPayloadResponse__Output } from '../../../hookline/admin/v1/GetPayloadResponse.js';
import type { ListAttemptsRequest as _hookline_admin_v1_ListAttemptsRequest, ListAttemptsRequest__Output as _hookline_admin_v1_ListAttemptsRequest__Output } from '../../../hookline/admin/v1/ListAttemptsRequest.js';
import type { ListAttemptsResponse as _hookline_admin_v1_ListAttemptsResponse, ListAttemptsResponse__Output as _hookline_admin_v1_ListAttemptsResponse__Output } from '../../../hookline/admin/v1/ListAttemptsResponse.js';
import type { ListNotificationsRequest as _hookline_admin_v1_ListNotificationsRequest, ListNotificationsRequest__Output as _hookline_admin_v1_ListNotificationsRequest__Output } from '../../../hookline/admin/v1/ListNotificationsRequest.js';
import type { ListNotificationsResponse as _hookline_admin_v1_ListNotificationsResponse, ListNotificationsResponse__Output as _hookline_admin_v1_ListNotificationsResponse__Output } from '../../../hookline/admin/v1/ListNotificationsResponse.js';
import type { ResendNotificationRequest as _hookline_admin_v1_ResendNotificationRequest, ResendNotificationRequest__Output as _hookline_admin_v1_ResendNotificationRequest__Output } from '../../../hookline/admin/v1/ResendNotificationRequest.js';
import type { ResendNotificationResponse as _hookline_admin_v1_ResendNotificationResponse, ResendNotificationResponse__Output as _hookline_admin_v1_ResendNotificationResponse__Output } from '../../../hookline/admin/v1/ResendNotificationResponse.js';

export interface NotificationServiceClient extends grpc.Client {
  GetNotification(argument: _hookline_admin_v1_GetNotificationRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetNotificationResponse__Output>): grpc.ClientUnaryCall;
  GetNotification(argument: _hookline_admin_v1_GetNotificationRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_GetNotificationResponse__Output>): grpc.ClientUnaryCall;
  GetNotification(argument: _hookline_admin_v1_GetNotificationRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetNotificationResponse__Output>): grpc.ClientUnaryCall;
  GetNotification(argument: _hookline_admin_v1_GetNotificationRequest, callback: grpc.requestCallback<_hookline_admin_v1_GetNotificationResponse__Output>): grpc.ClientUnaryCall;
  getNotification(argument: _hookline_admin_v1_GetNotificationRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetNotificationResponse__Output>): grpc.ClientUnaryCall;
  getNotification(argument: _hookline_admin_v1_GetNotificationRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_GetNotificationResponse__Output>): grpc.ClientUnaryCall;
  getNotification(argument: _hookline_admin_v1_GetNotificationRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetNotificationResponse__Output>): grpc.ClientUnaryCall;
  getNotification(argument: _hookline_admin_v1_GetNotificationRequest, callback: grpc.requestCallback<_hookline_admin_v1_GetNotificationResponse__Output>): grpc.ClientUnaryCall;
  
  GetPayload(argument: _hookline_admin_v1_GetPayloadRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetPayloadResponse__Output>): grpc.ClientUnaryCall;
  GetPayload(argument: _hookline_admin_v1_GetPayloadRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_GetPayloadResponse__Output>): grpc.ClientUnaryCall;
  GetPayload(argument: _hookline_admin_v1_GetPayloadRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetPayloadResponse__Output>): grpc.ClientUnaryCall;
  GetPayload(argument: _hookline_admin_v1_GetPayloadRequest, callback: grpc.requestCallback<_hookline_admin_v1_GetPayloadResponse__Output>): grpc.ClientUnaryCall;
  getPayload(argument: _hookline_admin_v1_GetPayloadRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetPayloadResponse__Output>): grpc.ClientUnaryCall;
  getPayload(argument: _hookline_admin_v1_GetPayloadRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_GetPayloadResponse__Output>): grpc.ClientUnaryCall;
  getPayload(argument: _hookline_admin_v1_GetPayloadRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetPayloadResponse__Output>): grpc.ClientUnaryCall;
  getPayload(argument: _hookline_admin_v1_GetPayloadRequest, callback: grpc.requestCallback<_hookline_admin_v1_GetPayloadResponse__Output>): grpc.ClientUnaryCall;
  
  ListAttempts(argument: _hookline_admin_v1_ListAttemptsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListAttemptsResponse__Output>): grpc.ClientUnaryCall;
  ListAttempts(argument: _hookline_admin_v1_ListAttemptsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_ListAttemptsResponse__Output>): grpc.ClientUnaryCall;
  ListAttempts(argument: _hookline_admin_v1_ListAttemptsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListAttemptsResponse__Output>): grpc.ClientUnaryCall;
  ListAttempts(argument: _hookline_admin_v1_ListAttemptsRequest, callback: grpc.requestCallback<_hookline_admin_v1_ListAttemptsResponse__Output>): grpc.ClientUnaryCall;
  listAttempts(argument: _hookline_admin_v1_ListAttemptsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListAttemptsResponse__Output>): grpc.ClientUnaryCall;
  listAttempts(argument: _hookline_admin_v1_ListAttemptsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_ListAttemptsResponse__Output>): grpc.ClientUnaryCall;
  listAttempts(argument: _hookline_admin_v1_ListAttemptsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListAttemptsResponse__Output>): grpc.ClientUnaryCall;
  listAttempts(argument: _hookline_admin_v1_ListAttemptsRequest, callback: grpc.requestCallback<_hookline_admin_v1_ListAttemptsResponse__Output>): grpc.ClientUnaryCall;
  
  ListNotifications(argument: _hookline_admin_v1_ListNotificationsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListNotificationsResponse__Output>): grpc.ClientUnaryCall;
  ListNotifications(argument: _hookline_admin_v1_ListNotificationsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_ListNotificationsResponse__Output>): grpc.ClientUnaryCall;
  ListNotifications(argument: _hookline_admin_v1_ListNotificationsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListNotificationsResponse__Output>): grpc.ClientUnaryCall;
  ListNotifications(argument: _hookline_admin_v1_ListNotificationsRequest, callback: grpc.requestCallback<_hookline_admin_v1_ListNotificationsResponse__Output>): grpc.ClientUnaryCall;
  listNotifications(argument: _hookline_admin_v1_ListNotificationsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListNotificationsResponse__Output>): grpc.ClientUnaryCall;
  listNotifications(argument: _hookline_admin_v1_ListNotificationsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_ListNotificationsResponse__Output>): grpc.ClientUnaryCall;
  listNotifications(argument: _hookline_admin_v1_ListNotificationsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListNotificationsResponse__Output>): grpc.ClientUnaryCall;
  listNotifications(argument: _hookline_admin_v1_ListNotificationsRequest, callback: grpc.requestCallback<_hookline_admin_v1_ListNotificationsResponse__Output>): grpc.ClientUnaryCall;
  
  ResendNotification(argument: _hookline_admin_v1_ResendNotificationRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ResendNotificationResponse__Output>): grpc.ClientUnaryCall;
  ResendNotification(argument: _hookline_admin_v1_ResendNotificationRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_ResendNotificationResponse__Output>): grpc.ClientUnaryCall;
  ResendNotification(argument: _hookline_admin_v1_ResendNotificationRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ResendNotificationResponse__Output>): grpc.ClientUnaryCall;
  ResendNotification(argument: _hookline_admin_v1_ResendNotificationRequest, callback: grpc.requestCallback<_hookline_admin_v1_ResendNotificationResponse__Output>): grpc.ClientUnaryCall;
  resendNotification(argument: _hookline_admin_v1_ResendNotificationRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ResendNotificationResponse__Output>): grpc.ClientUnaryCall;
  resendNotification(argument: _hookline_admin_v1_ResendNotificationRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_ResendNotificationResponse__Output>): grpc.ClientUnaryCall;
  resendNotification(argument: _hookline_admin_v1_ResendNotificationRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ResendNotificationResponse__Output>): grpc.ClientUnaryCall;
  resendNotification(argument: _hookline_admin_v1_ResendNotificationRequest, callback: grpc.requestCallback<_hookline_admin_v1_ResendNotificationResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface NotificationServiceHandlers extends grpc.UntypedServiceImplementation {
  GetNotification: grpc.handleUnaryCall<_hookline_admin_v1_GetNotificationRequest__Output, _hookline_admin_v1_GetNotificationResponse>;
  
  GetPayload: grpc.handleUnaryCall<_hookline_admin_v1_GetPayloadRequest__Output, _hookline_admin_v1_GetPayloadResponse>;
  
  ListAttempts: grpc.handleUnaryCall<_hookline_admin_v1_ListAttemptsRequest__Output, _hookline_admin_v1_ListAttemptsResponse>;
  
  ListNotifications: grpc.handleUnaryCall<_hookline_admin_v1_ListNotificationsRequest__Output, _hookline_admin_v1_ListNotificationsResponse>;
  
  ResendNotification: grpc.handleUnaryCall<_hookline_admin_v1_ResendNotificationRequest__Output, _hookline_admin_v1_ResendNotificationResponse>;
  
}

export interface NotificationServiceDefinition extends grpc.ServiceDefinition {
  GetNotification: MethodDefinition<_hookline_admin_v1_GetNotificationRequest, _hookline_admin_v1_GetNotificationResponse, _hookline_admin_v1_GetNotificationRequest__Output, _hookline_admin_v1_GetNotificationResponse__Output>
  GetPayload: MethodDefinition<_hookline_admin_v1_GetPayloadRequest, _hookline_admin_v1_GetPayloadResponse, _hookline_admin_v1_GetPayloadRequest__Output, _hookline_admin_v1_GetPayloadResponse__Output>
  ListAttempts: MethodDefinition<_hookline_admin_v1_ListAttemptsRequest, _hookline_admin_v1_ListAttemptsResponse, _hookline_admin_v1_ListAttemptsRequest__Output, _hookline_admin_v1_ListAttemptsResponse__Output>
  ListNotifications: MethodDefinition<_hookline_admin_v1_ListNotificationsRequest, _hookline_admin_v1_ListNotificationsResponse, _hookline_admin_v1_ListNotificationsRequest__Output, _hookline_admin_v1_ListNotificationsResponse__Output>
  ResendNotification: MethodDefinition<_hookline_admin_v1_ResendNotificationRequest, _hookline_admin_v1_ResendNotificationResponse, _hookline_admin_v1_ResendNotificationRequest__Output, _hookline_admin_v1_ResendNotificationResponse__Output>
}
