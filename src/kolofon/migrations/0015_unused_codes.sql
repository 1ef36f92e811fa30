-- A code that nobody came for leaves a grant behind that gave nothing: it goes with the next sweep.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create index authorization_code_unused on authorization_code (expires_at) where used_at is null; -- the sweep
