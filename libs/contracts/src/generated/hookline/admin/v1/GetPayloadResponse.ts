// Original file: libs/contracts/proto/hookline/admin/v1/notification_service.proto


export interface GetPayloadResponse {
  'method'?: (string);
  'contentType'?: (string);
  'body'?: (Buffer | Uint8Array | string);
  'sha256'?: (string);
}

export interface GetPayloadResponse__Output {
  'method': (string);
  'contentType': (string);
  'body': (Buffer);
  'sha256': (string);
}
