ALTER TABLE `drizzle_users` ADD `email` text;--> statement-breakpoint
CREATE UNIQUE INDEX `drizzle_users_email_unique` ON `drizzle_users` (`email`);
