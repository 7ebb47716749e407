// Live parts and countdowns.
