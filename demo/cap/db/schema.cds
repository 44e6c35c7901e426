// A small ERP. Keys are texts, as the firm's codes are.
namespace northbeam;

using { managed } from '@sap/cds/common';

entity Companies : managed {
  key ID       : String(36);
      name     : String(100);
      currency : String(3);
      country  : String(2);
      timeZone : String(40);
}

entity Periods : managed {
  key ID        : String(36);
      company   : String(36);
      name      : String(36);
      startDate : Date;
      endDate   : Date;
      type      : String(20);
      state     : String(20);
}

entity Customers : managed {
  key ID        : String(36);
      legalName : String(100);
      taxNumber : String(40);
      country   : String(2);
      currency  : String(3);
      termsDays : Integer;
      blocked   : String(10);
}

entity Projects : managed {
  key ID       : String(36);
      company  : String(36);
      name     : String(100);
      stage    : String(20);
      value    : Decimal(15, 2);
      currency : String(3);
}

entity Invoices : managed {
  key ID             : String(36);
      facadeKey      : String(64);
      postingKey     : String(64);
      documentNumber : String(36);
      type           : String(20);
      company        : String(36);
      customer       : String(36);
      project        : String(36);
      period         : String(36);
      state          : String(20) default 'draft';
      settlement     : String(20) default 'unpaid';
      invoiceDate    : Date;
      dueDate        : Date;
      postingDate    : Date;
      currency       : String(3);
      net            : Decimal(15, 2);
      tax            : Decimal(15, 2);
      total          : Decimal(15, 2);
      openAmount     : Decimal(15, 2);
      corrects       : String(36);
      lines          : Composition of many InvoiceLines on lines.invoice = $self;
}

annotate Invoices with @assert.unique: { facadeKey: [ facadeKey ] };

entity InvoiceLines : managed {
  key ID           : String(36);
      invoice      : Association to Invoices;
      description  : String(200);
      billingEvent : String(36);
      quantity     : Decimal(13, 4);
      unit         : String(10);
      unitPrice    : Decimal(15, 4);
      currency     : String(3);
      net          : Decimal(15, 2);
      tax          : Decimal(15, 2);
      taxCode      : String(20);
      account      : String(20);
}

entity BillingEvents : managed {
  key ID      : String(36);
      project : String(36);
      state   : String(20);
      lockKey : String(64);
      invoice : String(36);
}
