// Original file: libs/contracts/proto/hookline/admin/v1/parked_event_service.proto

import type { ParkedEvent as _hookline_admin_v1_ParkedEvent, ParkedEvent__Output as _hookline_admin_v1_ParkedEvent__Output } from '../../../hookline/admin/v1/ParkedEvent.js';

export interface GetParkedEventResponse {
  'parkedEvent'?: (_hookline_admin_v1_ParkedEvent | null);
}

export interface GetParkedEventResponse__Output {
  'parkedEvent': (_hookline_admin_v1_ParkedEvent__Output | null);
}
