// Original file: libs/contracts/proto/hookline/admin/v1/event_service.proto


export interface PublishEventRequest {
  'parent'?: (string);
  'value'?: (Buffer | Uint8Array | string);
  'headers'?: ({[key: string]: string});
  'key'?: (string);
  'noWait'?: (boolean);
}

export interface PublishEventRequest__Output {
  'parent': (string);
  'value': (Buffer);
  'headers': ({[key: string]: string});
  'key': (string);
  'noWait': (boolean);
}
