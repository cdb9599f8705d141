CREATE TABLE `hashed_page` (
	`folder_id` integer NOT NULL,
	`page` integer NOT NULL,
	`digest` blob NOT NULL,
	`done_epoch` integer NOT NULL,
	PRIMARY KEY(`folder_id`, `page`),
	FOREIGN KEY (`folder_id`) REFERENCES `hashed_folder`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT, WITHOUT ROWID;
