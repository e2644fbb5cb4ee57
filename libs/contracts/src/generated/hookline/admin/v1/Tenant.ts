// Original file: libs/contracts/proto/hookline/admin/v1/system_service.proto


export interface Tenant {
  'name'?: (string);
  'webhooksEnabled'?: (boolean);
  'retrySchedule'?: (string)[];
  '_webhooksEnabled'?: "webhooksEnabled";
}

export interface Tenant__Output {
  'name': (string);
  'webhooksEnabled'?: (boolean);
  'retrySchedule': (string)[];
  '_webhooksEnabled'?: "webhooksEnabled";
}
