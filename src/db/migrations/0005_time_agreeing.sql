ALTER TABLE `time_runs` ADD `servers_agreeing` integer DEFAULT 0 NOT NULL;
