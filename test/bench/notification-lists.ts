import { type Client, credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoFiles, protoLoading } from '#contracts/admin-proto';
import type { ListNotificationsRequest } from '#contracts/generated/hookline/admin/v1/ListNotificationsRequest';
import type { ListNotificationsResponse__Output } from '#contracts/generated/hookline/admin/v1/ListNotificationsResponse';
import type { ProtoGrpcType } from '#contracts/generated/notification_service';

/** `NotificationService.List`, as the command line calls it. */
export class NotificationLists {
  private readonly client;
  private readonly metadata = new Metadata();

  constructor(address: string, key: string) {
    const definition = loadSync([...protoFiles()], { ...protoLoading });
    const { hookline } = loadPackageDefinition(definition) as unknown as ProtoGrpcType;
    this.client = new hookline.admin.v1.NotificationService(address, credentials.createInsecure());
    this.metadata.set('authorization', `Bearer ${key}`);
  }

  /** Answers the token of the next page; empty after the last one. */
  page(request: ListNotificationsRequest): Promise<string> {
    return new Promise((resolve, reject) => {
      this.client.listNotifications(
        request,
        this.metadata,
        (error: ServiceError | null, answer?: ListNotificationsResponse__Output) => {
          if (error !== null) reject(error);
          else resolve(answer?.nextPageToken ?? '');
        },
      );
    });
  }

  close(): void {
    (this.client satisfies Client).close();
  }
}
