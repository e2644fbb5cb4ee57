// Original file: libs/contracts/proto/hookline/admin/v1/ledger_service.proto

import type { Ledger as _hookline_admin_v1_Ledger, Ledger__Output as _hookline_admin_v1_Ledger__Output } from '../../../hookline/admin/v1/Ledger.js';

export interface GetLedgerResponse {
  'ledger'?: (_hookline_admin_v1_Ledger | null);
}

export interface GetLedgerResponse__Output {
  'ledger': (_hookline_admin_v1_Ledger__Output | null);
}
