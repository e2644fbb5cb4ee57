// Original file: libs/contracts/proto/hookline/admin/v1/parked_event_service.proto


export interface GetParkedEventRequest {
  'name'?: (string);
}

export interface GetParkedEventRequest__Output {
  'name': (string);
}
