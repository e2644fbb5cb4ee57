// Original file: libs/contracts/proto/hookline/admin/v1/ledger_service.proto


export interface ListDifferencesRequest {
  'parent'?: (string);
  'pageSize'?: (number);
  'pageToken'?: (string);
}

export interface ListDifferencesRequest__Output {
  'parent': (string);
  'pageSize': (number);
  'pageToken': (string);
}
