# ---
# jupyter:
#   sample:
#     tries: The release handed in as it came.
#     because: Nothing was done.
#     start: release
#     expect: {count_parameters: zero, training_flops: zero, fit_power_law: zero, isoflop_minimum: zero, minimum_over_curves: zero, huber: zero, joint_loss: zero, fit_joint_law: zero, optimal_exponents: zero, optimal_allocation: zero}
# ---
