6.3s * the goal is 5 members, w 2
6.3s size 4
7.5s prepare s-3
7.6s join s-3 to s-0
8.4s quorum s-0 epoch 1 n 4 w 1
8.6s mark epoch 1 n 4 w 1: QuorumChanged
8.7s describe s-3 replica readable joined
8.7s size 5
9.6s prepare s-4
9.7s join s-4 to s-0
10.7s quorum s-0 epoch 1 n 5 w 2
10.9s mark epoch 1 n 5 w 2: QuorumChanged
11.0s describe s-4 replica readable joined
13.3s * the goal is 2 members, w 0
13.3s mark epoch 1 n 4 w 0: QuorumChanged
13.4s quorum s-0 epoch 1 n 4 w 0
13.6s size 4
13.8s mark epoch 1 n 3 w 0: QuorumChanged
13.9s quorum s-0 epoch 1 n 3 w 0
14.1s size 3
14.3s mark epoch 1 n 2 w 0: QuorumChanged
14.4s quorum s-0 epoch 1 n 2 w 0
14.6s size 2
no acknowledged write is lost
