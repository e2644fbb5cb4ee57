// Original file: libs/contracts/proto/hookline/admin/v1/parked_event_service.proto


export interface ListParkedEventsRequest {
  'pageSize'?: (number);
  'pageToken'?: (string);
}

export interface ListParkedEventsRequest__Output {
  'pageSize': (number);
  'pageToken': (string);
}
