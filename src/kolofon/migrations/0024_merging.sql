-- Merging two customers looks for what others hold or pay for of one of them: gifts. Those are few, so each index is
-- of them alone.
set local lock_timeout = '5s';
set local statement_timeout = '1h';

create index subscription_payer on subscription (partner_id, payer_customer_number)
    where payer_customer_number is not null;
create index invoice_line_receiver on invoice_line (partner_id, receiver_customer_number)
    where receiver_customer_number <> customer_number;
create index order_line_receiver on order_line (partner_id, receiver_customer_number) where receiver is not null;

-- A number is never given again, not even to who adds a customer at the moment of the merge: that one waits for the
-- row to go, and is refused here.
create function refuse_merged_customer() returns trigger language plpgsql as $$
begin
    if exists (
        select from added
        join customer_merge m on m.partner_id = added.partner_id and m.merged_number = added.customer_number
    ) then
        raise unique_violation using message = 'the number of a customer that was merged into another is not given again';
    end if;
    return null;
end $$;
create trigger customer_not_merged after insert on customer referencing new table as added
    for each statement execute function refuse_merged_customer();
