-- One index for a reader's sign-ins instead of two: no table of readers grows as fast.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- The newest ones of a reader are found by the key itself.
alter table sign_in drop constraint sign_in_pkey, add primary key (unique_id, occurred_at, sign_in_id);
drop index sign_in_recent;
